"""How formulas are written: as text, which is Python too, and as LaTeX."""

import re
import unicodedata
from fractions import Fraction

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a formula holds together


class Text:
    """Formulas as a person would type them. A subclass says what it writes otherwise."""

    put_in: dict = {}  # {Symbol: a number, written out}: what to write for names

    LEVELS = {
        "**": POWER,
        "lowered": POWER,
        "powlog": PRODUCT,
        "xlogy": PRODUCT,
    }  # where that is not as in `application`
    OPERANDS = {"lowered": (ATOM, ATOM), "powlog": (POWER, SUM), "xlogy": (POWER, SUM), "comparison": (SUM, PRODUCT)}
    COMMANDS = {
        "comparison": "sign({} - {})",
        "lowered": "{} ** {}",
        "powlog": "{} * log({})",
        "xlogy": "{} * log({})",
    }

    def formula(self, x, level=SUM):
        """The formula x, in parentheses if it holds together less tightly than `level`."""
        text, own = getattr(self, x.kind)(x)
        return text if own >= level else self.parenthesised(text)

    def symbol(self, x):
        name = self.put_in[x] if x in self.put_in else self.name(x)
        return name, SUM if name.startswith("-") else ATOM

    def name(self, x):
        return x.name if re.fullmatch(r"[\w.]+(\[[\w, ]*\])?'*", x.name) else repr(x.name)

    def number(self, x):
        text = self.digits(x.number)
        return text, ATOM if x.number >= 0 and " " not in text else PRODUCT

    def digits(self, number):
        if type(number) is not Fraction:
            return repr(number)
        return repr(float(number)) if is_binary(number) else f"{number.numerator} / {number.denominator}"

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
        if type(number) is Fraction and (below or above and (number.numerator == 1 or not is_binary(number))):
            number, divisor = number.numerator, number.denominator
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
        text = self.digits(exponent)
        return f"{self.formula(base, ATOM)} ** {self.parenthesised(text) if ' ' in text else text}"

    def application(self, x):
        """An operator before parentheses, or between operands. How tightly a stranger's binds is not known."""
        symbol = x.op.symbol
        level = self.LEVELS.get(symbol, SUM if x.op.infix else ATOM)
        within = self.OPERANDS.get(symbol, (ATOM if x.op.infix else SUM,) * len(x.operands))
        operands = x.operands
        if symbol == "lowered" and symbol in self.COMMANDS:
            operands = (operands[0], operands[1] - operands[2])
        return self.call(x.op, [self.formula(operand, inner) for operand, inner in zip(operands, within)]), level

    def call(self, op, operands):
        return self.COMMANDS[op.symbol].format(*operands) if op.symbol in self.COMMANDS else op.formula(*operands)

    def parenthesised(self, text):
        return f"({text})"


class Latex(Text):
    """Formulas for a math environment, numbers to six digits."""

    LEVELS = {**Text.LEVELS, "exp": POWER, "expm1": SUM, "//": ATOM}
    OPERANDS = {**Text.OPERANDS, "**": (ATOM, SUM), "lowered": (ATOM, SUM), "//": (SUM, SUM), "hypot": (ATOM, ATOM)}
    COMMANDS = {
        "**": "{}^{{{}}}",
        "//": r"\left\lfloor \frac{{{}}}{{{}}} \right\rfloor",
        "%": r"{} \bmod {}",
        "abs": r"\left|{}\right|",
        "ceil": r"\left\lceil {} \right\rceil",
        "exp": "e^{{{}}}",
        "expm1": "e^{{{}}} - 1",
        "floor": r"\left\lfloor {} \right\rfloor",
        "hypot": r"\sqrt{{{}^{{2}} + {}^{{2}}}}",
        "lowered": "{}^{{{}}}",
        "sqrt": r"\sqrt{{{}}}",
    }
    FUNCTIONS = {
        "comparison": r"\operatorname{sign}",
        "log1p": r"\log",
        "log2": r"\log_2",
        "log10": r"\log_{10}",
        "maximum": r"\max",
        "minimum": r"\min",
        "sigmoid": r"\sigma",
        **{f: rf"\{f}" for f in ("log", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh")},
    }
    ARGUMENTS = {"comparison": "{} - {}", "log1p": "1 + {}"}  # what is between the parentheses, if not the operands

    def name(self, x):
        return x.tex or latex_name(x.name)

    def digits(self, number):
        if type(number) is Fraction and not is_binary(number):
            return rf"\frac{{{number.numerator}}}{{{number.denominator}}}"
        return scientific(str(number) if type(number) is int else f"{float(number):.6g}").replace("inf", r"\infty")

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
        text = self.formula(base, ATOM)
        return f"{{{text}}}^{{{self.digits(exponent)}}}" if "^" in text else f"{text}^{{{self.digits(exponent)}}}"

    def call(self, op, operands):
        if op.symbol in self.COMMANDS:
            return self.COMMANDS[op.symbol].format(*operands)
        if op.symbol in ("xlogy", "powlog"):
            return self.joined([operands[0], r"\log" + self.parenthesised(operands[1])])
        if op.infix:
            return rf" \mathbin{{\text{{{escaped(op.symbol)}}}}} ".join(operands)
        name = self.FUNCTIONS.get(op.symbol) or rf"\operatorname{{{escaped(op.name)}}}"
        arguments = self.ARGUMENTS.get(op.symbol)
        return name + self.parenthesised(arguments.format(*operands) if arguments else ", ".join(operands))

    def parenthesised(self, text):
        tall = any(command in text for command in (r"\frac", r"\sqrt", r"\sum"))
        return rf"\left({text}\right)" if tall else f"({text})"


GREEK = re.compile(
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|chi|psi|omega|"
    "Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega"
)


NAME = re.compile(r"([^\W\d_]+)(?:_?([A-Za-z0-9]*)|\[([A-Za-z0-9, ]*)\])")


def latex_name(name):
    r"""A name in LaTeX: W11 is W_{11}, A[0, 1] is A_{0, 1}, eta is \eta, loss is \mathrm{loss}.

    What is no name is quoted as text.
    """
    match = NAME.fullmatch(name)
    letters = match and (greek(match[1]) or match[1])
    if not match or not letters.isascii():
        return rf"\text{{{escaped(name)}}}"
    index = match[2] or match[3]
    text = rf"\{letters}" if GREEK.fullmatch(letters) else letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    return f"{text}_{index}" if index and len(index) == 1 else f"{text}_{{{index}}}" if index else text


def greek(letter):
    """What LaTeX calls a Greek letter; None for any other text."""
    words = unicodedata.name(letter, "").split() if len(letter) == 1 else []
    if words[:1] != ["GREEK"] or words[2:3] != ["LETTER"]:
        return None
    name = words[3].lower().replace("lamda", "lambda")
    return name if words[1] == "SMALL" else name.capitalize()


SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    **{c: f"\\{c}" for c in "{}$&#%_"},
}  # fmt: skip
SYMBOLS = {
    "∂": r"\partial",
    "∇": r"\nabla",
    "∑": r"\sum",
    "√": r"\surd",
    "∞": r"\infty",
    "∈": r"\in",
    "∘": r"\circ",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "→": r"\to",
    "←": r"\leftarrow",
    "−": "-",
    "·": r"\cdot",
    "×": r"\times",
    "±": r"\pm",
    "⊙": r"\odot",
    "⊗": r"\otimes",
    "⊕": r"\oplus",
    "⋅": r"\cdot",
    "÷": r"\div",
    "¬": r"\neg",
    "°": r"^{\circ}",
    "µ": r"\mu",
    "∗": r"\ast",
    "∝": r"\propto",
    "≡": r"\equiv",
    "∫": r"\int",
    "∏": r"\prod",
    "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow",
    "↔": r"\leftrightarrow",
    "↦": r"\mapsto",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "⊤": r"\top",
    "⊥": r"\bot",
    "∉": r"\notin",
    "∪": r"\cup",
    "∩": r"\cap",
    "ϑ": r"\vartheta",
    "ℓ": r"\ell",
    "′": "'",
    "«": r"\ll",
    "»": r"\gg",
    "§": r"\S",
    "¶": r"\P",
    "£": r"\pounds",
    "©": r"\mathrm{(c)}",
    "®": r"\mathrm{(R)}",
    "™": r"^{\mathrm{TM}}",
    "†": r"\dagger",
    "‡": r"\ddagger",
    "•": r"\bullet",
    "¼": r"\frac{1}{4}",
    "½": r"\frac{1}{2}",
    "¾": r"\frac{3}{4}",
}
# Letters and quotes that pdflatex sets as they are, with no other font than those that every LaTeX has.
OTHERS = "\xad¢£¤¥¦§¨©®¯´¶¸«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ"
LETTERS = {*map(chr, range(0xA1, 0x180)), *"–—‘’“”…"} - {*OTHERS}


def escaped(text):
    """Text as LaTeX's text mode shows it: no command within it runs, and Greek, indices and symbols come out.

    A character that pdflatex does not know stands there by its number, as U+4E2D.
    """
    return "".join(map(escaped_character, unicodedata.normalize("NFC", text)))


def escaped_character(c):
    if c.isascii():
        return SPECIAL.get(c, c) if c.isprintable() else " "
    name, script = greek(c) or "", unicodedata.decomposition(c).split()
    if GREEK.fullmatch(name):
        return rf"$\{name}$"
    if c in SYMBOLS:
        return f"${SYMBOLS[c]}$"
    if c in LETTERS and script[:1] != ["<super>"]:
        return c
    if script[:1] in (["<sub>"], ["<super>"]) and len(script) == 2:
        of = escaped_character(chr(int(script[1], 16))).strip("$")
        return f"${'_' if script[0] == '<sub>' else '^'}{{{of}}}$"
    return rf"\texttt{{U+{ord(c):04X}}}" if c.isprintable() else " "


def scientific(text):
    """A number that Python has written, in LaTeX: 1.5e-07 is 1.5 x 10^-7."""
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    return (rf"{mantissa} \cdot " if mantissa != "1" else "") + f"10^{{{int(exponent)}}}"


def is_binary(number):
    """Whether a fraction is a float exactly, as halves and quarters are: such a number is written with a point."""
    return number.denominator & (number.denominator - 1) == 0


TEXT, LATEX = Text(), Latex()
