"""The course in a teacher's own system: handed out in several forms, collected, and graded.

`build` makes what is handed out from the one source of each lesson; `grading` reads what comes back. The checks are
those of `styletools.exercises`; the answers run in a process of their own (`answering`), the checks outside it.
"""
