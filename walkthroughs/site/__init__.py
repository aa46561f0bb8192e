"""The site: one folder of static files, made by `python -m walkthroughs site --out DIR`, that any teacher can host.

Reading order: command, pages, cells, tour, reference, material, links; then browser/.
"""
