"""Words in context: concordance, collocates, word lists, keyness and n-grams.

numpy is loaded with the modules of this package, which are imported only when they are used.
"""
