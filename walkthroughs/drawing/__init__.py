"""Pictures of computation graphs: `draw(root)`.

Reading order: groups, picture, rendering, palette.
"""
