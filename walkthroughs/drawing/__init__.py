"""Pictures of computation graphs: `draw(root)`.

Reading order: roots, groups, sketch, picture, operands, fonts, rendering, palette.
"""
