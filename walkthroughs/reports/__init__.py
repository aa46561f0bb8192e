"""What the walkthroughs write.

Reading order: report, tables, figures, readings, markup; latex, fitting and document, which make report.tex; saving.
"""

from walkthroughs import require_models

require_models()
