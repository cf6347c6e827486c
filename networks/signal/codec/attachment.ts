import { create } from '@bufbuild/protobuf';
import { AttachmentPointerSchema, type AttachmentPointer as Wire } from '../proto/signal_pb.ts';
import type { AttachmentPointer } from './content.ts';
import { ATTACHMENT_KEY_BYTES, DIGEST_BYTES, MAX_LABEL } from './numbers.ts';
import { malformed, mustBytes } from './reading.ts';

/** Names on a CDN become part of a path, so nothing that could lead elsewhere is one. */
const CDN_KEY = /^(?!\.+$)[\w.~=+-]{1,255}$/;
const DECIMAL = /^[1-9][0-9]{0,19}$/;
const MAX_CDN = 255;

/** Reads where a file lies and how it is opened. @throws PlainsealError `bad-request`. */
export function pointerOf(wire: Wire): AttachmentPointer {
  const cdn = wire.cdnNumber ?? 0;
  if (cdn > MAX_CDN) throw malformed('attachment cdn');
  return {
    cdn,
    id: identifierOf(wire),
    key: mustBytes(wire.key, ATTACHMENT_KEY_BYTES, 'attachment key'),
    digest: mustBytes(wire.digest, DIGEST_BYTES, 'attachment digest'),
    size: wire.size ?? 0,
    type: (wire.contentType ?? '').slice(0, MAX_LABEL),
    name: wire.fileName === undefined ? null : wire.fileName.slice(0, MAX_LABEL),
    flags: wire.flags ?? 0,
  };
}

function identifierOf({ identifier }: Wire): string {
  if (identifier.case === 'cdnKey' && CDN_KEY.test(identifier.value)) return identifier.value;
  if (identifier.case === 'cdnId' && identifier.value > 0n) return String(identifier.value);
  throw malformed('attachment identifier');
}

/** The wire form of a pointer. */
export function pointerTo(pointer: AttachmentPointer): Wire {
  // The first CDN numbers its files, the others name them.
  const numbered = pointer.cdn === 0 && DECIMAL.test(pointer.id);
  return create(AttachmentPointerSchema, {
    identifier: numbered
      ? { case: 'cdnId', value: BigInt(pointer.id) }
      : { case: 'cdnKey', value: pointer.id },
    cdnNumber: pointer.cdn,
    contentType: pointer.type,
    key: pointer.key,
    digest: pointer.digest,
    size: pointer.size,
    flags: pointer.flags,
    ...(pointer.name === null ? {} : { fileName: pointer.name }),
  });
}
