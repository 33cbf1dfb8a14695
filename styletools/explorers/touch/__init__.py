"""Pictures that answer to a pointer, a finger and the keyboard: one Python file and one ES module for each.

The modules know no kernel. What they ask and what comes back stands at the top of `protocol.js`; `protocol.py` is the
host for notebooks.
"""
