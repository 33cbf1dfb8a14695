"""The exercises of the course, one file per lesson, each with `check(answer)`, `hint()` and `solution()`.

In a notebook:

    from styletools.exercises import lesson03

    lesson03.gram.check(my_gram_matrix)

`coding` and `prediction` hold the two kinds. Nothing is sent anywhere; a check reads no file and
keeps nothing but the last verdict, for `lesson03.report()`.
"""
