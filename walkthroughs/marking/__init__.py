"""Marking: what a teacher hands out, and what comes back marked.

Reading order: exercises, worksheets, blanks, hand_out; submissions, isolated, mark, feedback.
"""
