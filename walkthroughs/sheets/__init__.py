"""The walkthroughs: a script a question, in a room a sheet, and what they share.

Reading order: script, then any of them.
"""

from walkthroughs import require_models

require_models()
