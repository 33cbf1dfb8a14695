"""The course as a book: a static site of lessons, guides and reference, made with `make book`, read without a network.

`python -m book` writes the pages' sources to `artifacts/book-source` (`sources`), each made from the notebook, the
document or the docstring that it shows, and has Sphinx build them into `artifacts/book`. Nothing is executed, and
nothing is typed twice: the questions that a page asks are those of `styletools.exercises`.
"""
