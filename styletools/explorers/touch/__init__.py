"""Pictures that respond to a pointer, a finger and the keyboard: one Python file and one ES module for each.

The modules know nothing of kernels. What they ask and what comes back is described at the top of `protocol.js`;
`protocol.py` is the host for notebooks.
"""
