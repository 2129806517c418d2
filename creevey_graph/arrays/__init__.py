"""
Creevey's functions on pictures as numpy arrays: load, change, measure, write.

An array is height x width (grey), height x width x 3 (RGB) or x 4 (RGBA), uint8 unless said otherwise.
Users import these from `creevey_graph.creevey`, where the modules are called as Creevey's were. The
house's own steps, on Pillow images, stand in `images/`.
"""
