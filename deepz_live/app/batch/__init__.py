"""Long recordings refocused frame by frame, on as many processes, cards or machines as there are.

``plan`` cuts recordings into chunks, ``maker`` makes one, ``alone`` and ``crew`` let it be made
here or on Dask's workers, ``run`` brings them together.
"""
