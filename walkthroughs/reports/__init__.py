"""What the walkthroughs write.

Reading order: report, tables, figures, readings, markup.
"""

from walkthroughs import require_models

require_models()
