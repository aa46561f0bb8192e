"""A student's own code at work: what it raises is a verdict in one line, with the line where it happened."""


class StudentError(Exception):
    """What to tell of an exception in a student's code, in one line."""


def run(what, function, *arguments):
    """function(*arguments), or a StudentError that says where the student's code failed."""
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        import traceback  # here, as it takes as long to load as the rest of checking

        frames = traceback.extract_tb(error.__traceback__)[1:]
        line = f" in line {frames[-1].lineno}" if frames else ""
        code = f": {frames[-1].line}" if frames and frames[-1].line else ""
        if isinstance(error, NotImplementedError):
            raise StudentError(f"{what} is still to be written{line.replace(' in line', ': line')}") from error
        said = str(error).strip().splitlines()
        raise StudentError(f"{what} raised {type(error).__name__}{line}{code} ({said[0] if said else ''})") from error
