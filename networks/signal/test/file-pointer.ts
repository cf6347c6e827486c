import { createHash } from 'node:crypto';
import type { AttachmentPointer } from '../codec/content.ts';

/** Where a file lies that is not sealed (`openFile` of the receiving world): the rest of a long text, but for what a test says of it. */
export const pointerTo = (bytes: Uint8Array, more: Partial<AttachmentPointer> = {}): AttachmentPointer => ({
  cdn: 3,
  id: 'long',
  key: new Uint8Array(64),
  digest: createHash('sha256').update(bytes).digest(),
  size: bytes.length,
  type: 'text/x-signal-plain',
  name: null,
  flags: 0,
  ...more,
});
