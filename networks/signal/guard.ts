import * as v from 'valibot';
import { assertNever } from '../../shared/assert.ts';
import { challengeBody, checkBody, keysBody, linkBody, messageBody } from './guard-body.ts';
import { isCiphertext, isDigest, isSealedFile } from './guard-ciphertext.ts';

/** Which connection a request goes over: my account's, or the one that does not say who I am. */
export type Channel = 'account' | 'anonymous';

/** Everything this lane ever writes to a socket. */
export type Operation =
  | {
      readonly kind: 'request';
      readonly channel: Channel;
      readonly verb: string;
      readonly path: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: Uint8Array | null;
    }
  /** libsignal's own call: whose username has this hash. */
  | { readonly kind: 'username'; readonly channel: Channel; readonly hash: Uint8Array }
  /** libsignal's own call: where may so many bytes be put. */
  | { readonly kind: 'upload-form'; readonly channel: Channel; readonly size: number }
  /** A sealed file for the content network. */
  | { readonly kind: 'upload'; readonly url: string; readonly bytes: Uint8Array }
  | { readonly kind: 'download'; readonly url: string };

export type Verdict = 'pass' | { readonly stop: string };

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SERVICE = `(?:PNI:)?${UUID}`;
/** Signal's content networks, and a mock's on this machine. Nothing else is ever asked for a file, or given one. */
const CDN = '(?:cdn[23]?(?:-staging)?\\.signal\\.org|localhost:\\d{1,5}(?:/cdn3)?)';
const FILE = new RegExp(`^https://${CDN}/attachments/[A-Za-z0-9_-]{1,200}$`);
const UPLOAD = new RegExp(`^https://${CDN}/[A-Za-z0-9_/-]{1,300}(?:\\?[A-Za-z0-9_=&%.~+-]{0,2000})?$`);
const MAX_BODY = 1024 * 1024;
/** A long text, sealed; files come with the wide slice. */
const MAX_UPLOAD = 256 * 1024;

type Message = v.InferOutput<typeof messageBody>;
type Rule = {
  readonly verb: 'GET' | 'PUT' | 'POST';
  readonly path: RegExp;
  readonly channels: readonly Channel[];
  /** Headers it may have; their values are checked for all alike. */
  readonly headers?: readonly string[];
  readonly look?: (body: unknown, channel: Channel) => Verdict;
};

const shaped =
  (schema: v.GenericSchema) =>
  (body: unknown): Verdict =>
    v.is(schema, body) ? 'pass' : { stop: 'another shape' };

/** What may be asked; everything else may not. Without `look` there is no body. */
const rules: readonly Rule[] = [
  { verb: 'GET', path: /^\/v1\/keepalive$/, channels: ['account', 'anonymous'] },
  { verb: 'GET', path: /^\/v2\/keys\?identity=(?:aci|pni)$/, channels: ['account'] },
  { verb: 'PUT', path: /^\/v2\/keys\?identity=(?:aci|pni)$/, channels: ['account'], look: shaped(keysBody) },
  { verb: 'POST', path: /^\/v2\/keys\/check$/, channels: ['account'], look: shaped(checkBody) },
  { verb: 'GET', path: new RegExp(`^/v2/keys/${SERVICE}/(?:\\d{1,3}|\\*)$`), channels: ['account'] },
  {
    verb: 'GET',
    path: new RegExp(`^/v2/keys/${UUID}/\\d{1,3}$`),
    channels: ['anonymous'],
    headers: ['unidentified-access-key'],
  },
  { verb: 'GET', path: /^\/v1\/certificate\/delivery\?includeE164=false$/, channels: ['account'] },
  {
    verb: 'GET',
    path: new RegExp(`^/v1/profile/${UUID}/[0-9a-f]{64}$`),
    channels: ['anonymous'],
    headers: ['unidentified-access-key'],
  },
  { verb: 'PUT', path: /^\/v1\/challenge$/, channels: ['account'], look: shaped(challengeBody) },
  {
    verb: 'PUT',
    path: /^\/v1\/devices\/link$/,
    channels: ['anonymous'],
    headers: ['authorization'],
    look: shaped(linkBody),
  },
  {
    verb: 'PUT',
    path: new RegExp(`^/v1/messages/${SERVICE}\\?story=false$`),
    channels: ['account'],
    look: lookAtMessage,
  },
  {
    verb: 'PUT',
    path: new RegExp(`^/v1/messages/${SERVICE}\\?story=false$`),
    channels: ['anonymous'],
    headers: ['unidentified-access-key'],
    look: lookAtMessage,
  },
];

const headerValues: Readonly<Record<string, RegExp>> = {
  'content-type': /^application\/json$/,
  authorization: /^Basic [A-Za-z0-9+/]{1,400}={0,2}$/,
  // 16 bytes.
  'unidentified-access-key': /^[A-Za-z0-9+/]{22}==$/,
};

/** The last look before the socket. Default deny; reads the bytes by itself and shares no code with what built them. */
export function guard(operation: Operation): Verdict {
  switch (operation.kind) {
    case 'request':
      return checkRequest(operation);
    case 'username':
      if (operation.channel !== 'anonymous') return { stop: 'over the wrong connection' };
      return isDigest(operation.hash) ? 'pass' : { stop: 'not a hash' };
    case 'upload-form':
      if (operation.channel !== 'account') return { stop: 'over the wrong connection' };
      return isSize(operation.size) ? 'pass' : { stop: 'not a size' };
    case 'upload':
      if (!UPLOAD.test(operation.url)) return { stop: 'not a content network' };
      return isSize(operation.bytes.length) && isSealedFile(operation.bytes)
        ? 'pass'
        : { stop: 'not a sealed file' };
    case 'download':
      return FILE.test(operation.url) ? 'pass' : { stop: 'not a file of a content network' };
    default:
      return assertNever(operation);
  }
}

const isSize = (bytes: number): boolean => Number.isSafeInteger(bytes) && bytes > 0 && bytes <= MAX_UPLOAD;

function checkRequest(request: Extract<Operation, { readonly kind: 'request' }>): Verdict {
  const { channel, verb, path, headers, body } = request;
  const fitting = rules.filter((one) => one.verb === verb && one.path.test(path));
  if (fitting.length === 0) return { stop: 'no such request' };
  const rule = fitting.find(({ channels }) => channels.includes(channel));
  if (!rule) return { stop: 'over the wrong connection' };
  const allowed = [...(rule.headers ?? []), ...(rule.look ? ['content-type'] : [])];
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    if (!allowed.includes(name) || seen.has(name)) return { stop: 'a header that does not belong' };
    if (!headerValues[name]?.test(value)) return { stop: 'a header of another form' };
    seen.add(name);
  }
  if (!rule.look) return body === null ? 'pass' : { stop: 'a body where none belongs' };
  if (body === null || body.length > MAX_BODY) return { stop: 'a body that is missing or too large' };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { stop: 'not JSON' };
  }
  return rule.look(value, channel);
}

function lookAtMessage(body: unknown, channel: Channel): Verdict {
  if (!v.is(messageBody, body)) return { stop: 'another shape' };
  const { messages }: Message = body;
  for (const { type, content } of messages) {
    if ((type === 6) !== (channel === 'anonymous')) return { stop: 'sealed and unsealed confused' };
    if (!isCiphertext(type, Buffer.from(content, 'base64'))) return { stop: 'not what its type says' };
  }
  return 'pass';
}
