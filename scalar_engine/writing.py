"""How formulas are written: as text, which is Python too, and as LaTeX."""

import re

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a formula holds together


class Text:
    """Formulas as a person would type them. A subclass says what it writes otherwise."""

    LEVELS = {"**": POWER, "lowered": POWER, "xlogy": PRODUCT}
    COMMANDS = {"lowered": "{} ** ({} - 1)", "xlogy": "{} * log({})"}

    def formula(self, x, level=SUM):
        """The formula x, in parentheses if it holds together less tightly than `level`."""
        text, own = getattr(self, type(x).__name__.lower())(x)
        return text if own >= level else self.parenthesised(text)

    def symbol(self, x):
        return self.name(x), ATOM

    def name(self, x):
        return x.name

    def number(self, x):
        return self.digits(x.number), ATOM if x.number >= 0 else PRODUCT

    def digits(self, number):
        return repr(number)

    def total(self, x):
        terms = list(x.parts.items())
        first = next((i for i, (_, coefficient) in enumerate(terms) if coefficient > 0), 0)
        terms.insert(0, terms.pop(first))  # 1 - h, not -h + 1
        text = ""
        for term, coefficient in terms:
            sign = " - " if coefficient < 0 else " + "
            text += sign if text else sign.strip(" +")
            number, parts = term.factors()
            text += self.term(abs(coefficient) * number, parts)
        return text, SUM

    def product(self, x):
        return ("-" if x.coefficient < 0 else "") + self.term(abs(x.coefficient), x.parts), PRODUCT

    def term(self, coefficient, parts):
        """A product with a coefficient > 0: a fraction, if there are negative exponents."""
        above = [(base, exponent) for base, exponent in parts.items() if exponent > 0]
        below = [(base, -exponent) for base, exponent in parts.items() if exponent < 0]
        number, divisor = coefficient, 1
        if coefficient < 1 and (1 / coefficient).is_integer():
            number, divisor = 1, int(1 / coefficient)
        if below or divisor != 1:
            return self.fraction(number, above, divisor, below)
        return self.times(number, above)

    def fraction(self, number, above, divisor, below):
        text = self.times(divisor, below)
        is_one = len(below) + (divisor != 1) == 1
        return f"{self.times(number, above)} / {text if is_one else self.parenthesised(text)}"

    def times(self, number, parts):
        """number x the product of the parts (base, exponent)."""
        factors = [self.digits(number)] if number != 1 or not parts else []
        for base, exponent in parts:
            factors.append(self.formula(base, POWER) if exponent == 1 else self.power(base, exponent))
        return self.joined(factors)

    def joined(self, factors):
        return " * ".join(factors)

    def power(self, base, exponent):
        return f"{self.formula(base, ATOM)} ** {self.digits(exponent)}"

    def application(self, x):
        """An operator before parentheses, or between operands. How tightly a stranger's binds is not known."""
        level = self.LEVELS.get(x.op.symbol, SUM if x.op.infix else ATOM)
        operands = [self.formula(operand, SUM if level == ATOM else ATOM) for operand in x.operands]
        return self.call(x.op, operands), level

    def call(self, op, operands):
        return self.COMMANDS[op.symbol].format(*operands) if op.symbol in self.COMMANDS else op.formula(*operands)

    def parenthesised(self, text):
        return f"({text})"


class Latex(Text):
    """Formulas for a math environment."""

    COMMANDS = {
        "**": "{}^{{{}}}",
        "abs": r"\left|{}\right|",
        "cos": r"\cos\left({}\right)",
        "exp": "e^{{{}}}",
        "lowered": "{}^{{{} - 1}}",
        "log": r"\log\left({}\right)",
        "maximum": r"\max\left({}, {}\right)",
        "minimum": r"\min\left({}, {}\right)",
        "sigmoid": r"\sigma\left({}\right)",
        "sin": r"\sin\left({}\right)",
        "sqrt": r"\sqrt{{{}}}",
        "tanh": r"\tanh\left({}\right)",
        "xlogy": r"{} \, \log\left({}\right)",
    }

    def name(self, x):
        return x.tex or latex_name(x.name)

    def digits(self, number):
        mantissa, _, exponent = repr(number).partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def fraction(self, number, above, divisor, below):
        return rf"\frac{{{self.alone(number, above)}}}{{{self.alone(divisor, below)}}}"

    def alone(self, number, parts):
        """A product where nothing stands beside it, so that a single factor needs no parentheses."""
        if number == 1 and len(parts) == 1 and parts[0][1] == 1:
            return self.formula(parts[0][0])
        return self.times(number, parts)

    def joined(self, factors):
        out = factors[0]
        for before, factor in zip(factors, factors[1:]):
            out += (r" \cdot " if before[-1].isdigit() and factor[0].isdigit() else r" \, ") + factor
        return out

    def power(self, base, exponent):
        return f"{{{self.formula(base, ATOM)}}}^{{{self.digits(exponent)}}}"

    def call(self, op, operands):
        if op.symbol in self.COMMANDS:
            return self.COMMANDS[op.symbol].format(*operands)
        if op.infix:
            return rf" \mathbin{{\text{{{escaped(op.symbol)}}}}} ".join(operands)
        return rf"\operatorname{{{escaped(op.name)}}}\left({', '.join(operands)}\right)"

    def parenthesised(self, text):
        return rf"\left({text}\right)"


GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|omega|"
    "Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega"
)


def latex_name(name):
    r"""A name in LaTeX: W11 is W_{11}, eta is \eta, loss is \mathrm{loss}; what is no name is quoted as text."""
    match = re.fullmatch(r"([A-Za-z]+)_?([A-Za-z0-9]*)", name)
    if not match:
        return rf"\text{{{escaped(name)}}}"
    letters, index = match.groups()
    text = rf"\{letters}" if GREEK.fullmatch(letters) else letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    return f"{text}_{index}" if len(index) == 1 else f"{text}_{{{index}}}" if index else text


def escaped(text):
    """Text with what LaTeX would read as a command made harmless."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c) or (f"\\{c}" if c in "{}$&#%_" else c) for c in text)


TEXT, LATEX = Text(), Latex()
