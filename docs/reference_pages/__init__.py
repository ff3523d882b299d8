"""Writes the generated pages of the reference: ``make reference``.

They are in the repository, so that they can be read without a build, and so that a change of an option, a limit or a
column is seen in review. A test compares them with the code.
"""
