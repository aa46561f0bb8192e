// Numbers in writing, as the engines write them: what Python's `brief` and `repr` give, to the last digit.

// Up to four digits, or all those before the point; a number that does not exist is a dash.
function brief(x) {
  if (x === undefined) return "–";
  if (!Number.isFinite(x)) return named(x);
  const size = Math.abs(x);
  if (size >= 1e4 && size < 1e7) return written(x, wholeDigits(size), 0);
  return general(x, 4);
}

// The first digits, without zeros at their end.
function general(x, count) {
  const [digits, exponent] = rounded(Math.abs(x), count);
  return written(x, digits.replace(/0+$/, "") || "0", exponent, count);
}

// All digits that two computers agree upon: the last few of a double depend on whose exp and log are at work.
function exact(x) {
  if (x === undefined) return "–";
  if (!Number.isFinite(x)) return named(x);
  const [digits, place] = rounded(Math.abs(x), 12);
  const [shortest, exponent] = Number(`${digits}e${place - 11}`).toExponential().split("e");
  const text = written(Object.is(x, -0) ? -1 : x, shortest.replace(".", ""), Number(exponent), 16);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const named = (x) => (x !== x ? "nan" : x > 0 ? "inf" : "-inf");

// The first digits of a number, "8808", and the place of the first of them; of two equally near, the even one.
function rounded(size, count) {
  const [digits, exponent] = size.toExponential(count - 1).split("e");
  const [all, place] = size.toExponential(60).split("e"); // as many digits as a tie can have
  const kept = all.replace(".", "").slice(0, count);
  const isTie = /^50*$/.test(all.replace(".", "").slice(count)) && Number(kept.at(-1)) % 2 === 0;
  return isTie ? [kept, Number(place)] : [digits.replace(".", ""), Number(exponent)];
}

function wholeDigits(size) {
  const whole = Math.floor(size);
  return String(size - whole === 0.5 && whole % 2 === 0 ? whole : Math.round(size));
}

// Digits with a point, or with an exponent where the number is very small, or has more than `most` digits before it.
function written(x, digits, exponent, most = Infinity) {
  const sign = x < 0 ? "-" : "";
  if (most === Infinity) return sign + digits;
  if (exponent < -4 || exponent >= most) {
    const rest = digits.slice(1);
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${rest && "."}${rest}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const rest = digits.slice(exponent + 1);
  return `${sign}${whole}${rest && "."}${rest}`;
}

// What a reader types, or the data has: "0.5", "-1e-3", "1/2", "inf"; undefined if it is no number.
function parsed(text) {
  const given = text.trim().replace("−", "-").replace(",", ".").toLowerCase();
  const [, over, under] = given.match(/^([^/]+)\/([^/]+)$/) ?? [];
  if (over) return parsed(over) === undefined || !parsed(under) ? undefined : parsed(over) / parsed(under);
  if (/^[-+]?inf(inity)?$/.test(given)) return given[0] === "-" ? -Infinity : Infinity;
  if (given === "nan") return NaN;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(given) ? Number(given) : undefined;
}
