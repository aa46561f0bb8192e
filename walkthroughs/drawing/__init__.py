"""Pictures of computation graphs: `draw(root)`.

Reading order: groups, sketch, picture, operands, rendering, palette.
"""
