import { create } from '@bufbuild/protobuf';
import { assertNever } from '../../../shared/assert.ts';
import { BodyRangeSchema, type BodyRange as Wire } from '../proto/signal_pb.ts';
import type { BodyRange } from './content.ts';
import { MAX_BODY_RANGES, STYLE } from './numbers.ts';
import { isAci, serviceIdBytes, serviceIdFromBytes, serviceIdFromText } from './service-id.ts';

const STYLES: Readonly<Record<number, Extract<BodyRange['as'], string>>> = {
  [STYLE.bold]: 'bold',
  [STYLE.italic]: 'italic',
  [STYLE.spoiler]: 'spoiler',
  [STYLE.strike]: 'strike',
  [STYLE.mono]: 'mono',
};

/** Styles and mentions. One that does not read is left out: the words count more than how they look. */
export function bodyRangesOf(wire: readonly Wire[]): readonly BodyRange[] {
  return wire.slice(0, MAX_BODY_RANGES).flatMap((range) => {
    const as = asOf(range.value);
    const length = range.length ?? 0;
    return as === null || length === 0 ? [] : [{ at: range.start ?? 0, length, as }];
  });
}

function asOf(value: Wire['value']): BodyRange['as'] | null {
  switch (value.case) {
    case 'style':
      return STYLES[value.value] ?? null;
    case 'mention':
      return mentionOf(serviceIdFromText(value.value));
    case 'mentionBinary':
      return mentionOf(serviceIdFromBytes(value.value));
    case undefined:
      return null;
    default:
      return assertNever(value);
  }
}

const mentionOf = (service: ReturnType<typeof serviceIdFromText>): BodyRange['as'] | null =>
  service !== null && isAci(service) ? { mention: service } : null;

/** The wire form of a range. */
export function bodyRangeTo(range: BodyRange): Wire {
  return create(BodyRangeSchema, {
    start: range.at,
    length: range.length,
    value:
      typeof range.as === 'string'
        ? { case: 'style', value: STYLE[range.as] }
        : { case: 'mentionBinary', value: serviceIdBytes(range.as.mention) },
  });
}
