/**
 * The members of the object a JSON text is, each with its value as it stands in the text; null when the text is no object
 * or names a member twice. `JSON.parse` takes the last of two silently, another reader may take the first: what two
 * readers understand differently is refused.
 */
export function jsonMembers(text: string): ReadonlyMap<string, string> | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  // From here the text is known to be well-formed: only its structure is followed.
  const members = new Map<string, string>();
  let at = text.indexOf('{') + 1;
  for (;;) {
    const nameStart = text.indexOf('"', at);
    const close = text.indexOf('}', at);
    if (nameStart < 0 || close < nameStart) return members;
    const nameEnd = stringEnd(text, nameStart);
    const name = JSON.parse(text.slice(nameStart, nameEnd)) as string;
    const valueStart = text.indexOf(':', nameEnd) + 1;
    const valueEnd = valueEndFrom(text, valueStart);
    if (members.has(name)) return null;
    members.set(name, text.slice(valueStart, valueEnd).trim());
    at = valueEnd + 1;
    if (text[valueEnd] === '}') return members;
  }
}

/** The index behind the string literal that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** The index of the `,` or `}` that ends a value of the outermost object. */
function valueEndFrom(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at += 1) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (depth > 0 && (character === '}' || character === ']')) depth -= 1;
    else if (depth === 0 && (character === ',' || character === '}')) return at;
  }
}
