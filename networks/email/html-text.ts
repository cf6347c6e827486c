/** HTML beyond this is cut before it is read: no letter is so long. UTF-16 units. */
const HTML_LIMIT = 1_000_000;

/** Elements whose content is no text. */
const silent: ReadonlySet<string> = new Set(['script', 'style', 'head', 'title', 'template', 'noscript']);
/** Elements that begin a line of their own. */
const block =
  /^(?:address|article|blockquote|br|dd|div|dl|dt|figure|footer|form|h[1-6]|header|hr|li|main|ol|p|pre|section|table|tr|ul)$/;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g,
    (whole, decimal, hex, name) => {
      if (typeof name === 'string') return entities[name] ?? whole;
      const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code).toWellFormed() : '';
    },
  );
}

/**
 * The words of an HTML letter, as plain text; for letters that bring no text of their own. No markup survives, nothing is fetched. One pass,
 * linear in its input.
 */
export function htmlText(html: string): string {
  const source = html.slice(0, HTML_LIMIT);
  const lower = source.toLowerCase();
  let text = '';
  for (let at = 0; at < source.length;) {
    const open = source.indexOf('<', at);
    if (open < 0) {
      text += source.slice(at).replace(/\s+/g, ' ');
      break;
    }
    text += source.slice(at, open).replace(/\s+/g, ' ');
    if (!/[a-zA-Z/!?]/.test(source[open + 1] ?? '')) {
      // A lone "<" is text (HTML, "data state").
      text += '<';
      at = open + 1;
      continue;
    }
    if (source.startsWith('<!--', open)) {
      const end = source.indexOf('-->', open + 4);
      at = end < 0 ? source.length : end + 3;
      continue;
    }
    const close = source.indexOf('>', open);
    if (close < 0) break;
    const name = /^\/?([a-zA-Z][a-zA-Z0-9]*)/
      .exec(source.slice(open + 1, Math.min(close, open + 40)))?.[1]
      ?.toLowerCase();
    at = close + 1;
    if (name === undefined) continue;
    if (block.test(name)) text += '\n';
    if (!silent.has(name) || source[open + 1] === '/') continue;
    const end = lower.indexOf(`</${name}`, at);
    at = end < 0 ? source.length : end;
  }
  return decodeEntities(text)
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
