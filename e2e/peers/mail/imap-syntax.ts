/** A command line as it came: text, with each literal cut out (RFC 9051 §4.3). */
export type Segment =
  { readonly kind: 'text'; readonly bytes: Buffer } | { readonly kind: 'literal'; readonly bytes: Buffer };

/** What the bytes of a client amount to. */
export type FrameEvent =
  | { readonly kind: 'line'; readonly segments: readonly Segment[] }
  /** The client waits for `+` before it sends its literal. */
  | { readonly kind: 'continue' }
  /** A line or literal is over its limit: nothing after it can be understood. */
  | { readonly kind: 'overflow'; readonly what: 'line' | 'literal' };

/** One argument of a command. */
export type Value =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'literal'; readonly bytes: Buffer }
  | { readonly kind: 'list'; readonly items: readonly Value[] };

export type Parsed =
  | { readonly kind: 'values'; readonly values: readonly Value[] }
  | { readonly kind: 'malformed'; readonly why: string };

/** Limits of the framer, in bytes. */
export interface FrameLimits {
  readonly line: number;
  readonly literal: number;
}

const DEFAULT_LIMITS: FrameLimits = { line: 1 << 20, literal: 128 << 20 };
const MAX_DEPTH = 32;
const LF = 0x0a;
const CR = 0x0d;
const LITERAL_TAIL_BYTES = 24;
const LITERAL_AT_END = /~?\{(\d{1,15})(\+?)\}$/;

/**
 * Cuts a byte stream into command lines. Gives the same events however the stream is chunked, never throws, and
 * looks at each byte once. After `overflow` it gives nothing more.
 */
export function createFramer(limits: FrameLimits = DEFAULT_LIMITS): { push(chunk: Buffer): FrameEvent[] } {
  let segments: Segment[] = [];
  let lineBytes = 0;
  let held: Buffer[] = [];
  let literalLeft: number | null = null;
  let closed = false;

  const heldBytes = (): Buffer => {
    const bytes = Buffer.concat(held);
    held = [];
    return bytes;
  };

  const endLine = (events: FrameEvent[]): void => {
    let text = heldBytes();
    if (text.at(-1) === CR) text = text.subarray(0, -1);
    const literal = LITERAL_AT_END.exec(
      text.toString('latin1', Math.max(0, text.length - LITERAL_TAIL_BYTES)),
    );
    if (literal === null) {
      events.push({ kind: 'line', segments: [...segments, { kind: 'text', bytes: text }] });
      segments = [];
      lineBytes = 0;
      return;
    }
    segments.push({ kind: 'text', bytes: text.subarray(0, text.length - literal[0].length) });
    literalLeft = Number(literal[1]);
    if (literalLeft > limits.literal) {
      closed = true;
      events.push({ kind: 'overflow', what: 'literal' });
      return;
    }
    if (literal[2] !== '+') events.push({ kind: 'continue' });
    if (literalLeft === 0) endLiteral();
  };

  const endLiteral = (): void => {
    segments.push({ kind: 'literal', bytes: heldBytes() });
    literalLeft = null;
  };

  return {
    push(chunk) {
      const events: FrameEvent[] = [];
      let at = 0;
      while (at < chunk.length && !closed) {
        if (literalLeft !== null) {
          const part = chunk.subarray(at, at + literalLeft);
          held.push(part);
          at += part.length;
          literalLeft -= part.length;
          if (literalLeft === 0) endLiteral();
          continue;
        }
        const end = chunk.indexOf(LF, at);
        const part = chunk.subarray(at, end < 0 ? chunk.length : end);
        held.push(part);
        lineBytes += part.length;
        at += part.length + 1;
        if (lineBytes > limits.line) {
          closed = true;
          events.push({ kind: 'overflow', what: 'line' });
        } else if (end >= 0) {
          endLine(events);
        }
      }
      return events;
    },
  };
}

/**
 * Parses a command line into its arguments: atoms (a section such as `BODY.PEEK[HEADER.FIELDS (TO)]<0.9>` is one),
 * quoted strings, literals and parenthesised lists. Never throws.
 */
export function parseLine(segments: readonly Segment[]): Parsed {
  const stack: Value[][] = [[]];
  const add = (value: Value): void => void stack.at(-1)?.push(value);

  for (const segment of segments) {
    if (segment.kind === 'literal') {
      add(segment);
      continue;
    }
    const text = segment.bytes.toString('utf8');
    let at = 0;
    while (at < text.length) {
      const char = text[at];
      if (char === ' ') {
        at += 1;
      } else if (char === '(') {
        if (stack.length > MAX_DEPTH) return { kind: 'malformed', why: 'lists nested too deep' };
        stack.push([]);
        at += 1;
      } else if (char === ')') {
        const items = stack.pop() ?? [];
        if (stack.length === 0) return { kind: 'malformed', why: 'unexpected )' };
        add({ kind: 'list', items });
        at += 1;
      } else if (char === '"') {
        const quoted = /^"((?:[^"\\]|\\["\\])*)"/.exec(text.slice(at));
        if (quoted === null) return { kind: 'malformed', why: 'unfinished quoted string' };
        add({ kind: 'quoted', text: (quoted[1] ?? '').replace(/\\(["\\])/g, '$1') });
        at += quoted[0].length;
      } else {
        const end = atomEnd(text, at);
        if (end === null) return { kind: 'malformed', why: 'unfinished section' };
        add({ kind: 'atom', text: text.slice(at, end) });
        at = end;
      }
    }
  }
  const [values, ...open] = stack;
  if (values === undefined || open.length > 0) return { kind: 'malformed', why: 'unfinished list' };
  return { kind: 'values', values };
}

/** Where the atom at `start` ends; spaces and parentheses inside [brackets] belong to it. Null when a bracket stays open. */
function atomEnd(text: string, start: number): number | null {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '[') depth += 1;
    else if (char === ']' && depth > 0) depth -= 1;
    else if (depth === 0 && (char === ' ' || char === '(' || char === ')')) return at;
  }
  return depth === 0 ? text.length : null;
}

/** The text of an argument: an atom, quoted string or literal (as UTF-8); null for a list or nothing. */
export function textOf(value: Value | undefined): string | null {
  if (value === undefined || value.kind === 'list') return null;
  return value.kind === 'literal' ? value.bytes.toString('utf8') : value.text;
}

/** The texts of a list, or of a single argument as a list of one. Lists within are left out. */
export function textsOf(value: Value | undefined): readonly string[] {
  const items = value === undefined ? [] : value.kind === 'list' ? value.items : [value];
  return items.map(textOf).filter((text) => text !== null);
}

/** Writes a quoted string (RFC 9051 §4.3); line breaks, which it cannot hold, become spaces. */
export function quote(text: string): string {
  return `"${text.replace(/[\r\n]+/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}
