"""What the walkthroughs write.

Reading order: report, tables, values, figures, readings; latex, fitting and document, which make report.tex;
saving.
"""

from walkthroughs import require_models

require_models()
