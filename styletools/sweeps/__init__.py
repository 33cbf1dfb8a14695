"""Many pictures from one plan: every combination once, on as many processes or machines as there are.

`sweep` is the door. dask.distributed, pandas and pyarrow come with `pip install "styletools[sweep]"`, and are imported
only where they are used.
"""
