/** The app component `marmot.group.lifecycle.v1`: one byte. */
export const LIFECYCLE_COMPONENT = 0x800c;

/** `disbanded` is for ever. */
export type Lifecycle = 'active' | 'disbanded';

/** The component's byte. */
export function encodeLifecycle(lifecycle: Lifecycle): Uint8Array {
  return Uint8Array.of(lifecycle === 'active' ? 0 : 1);
}

/** Reads the component; null for anything but its two values. */
export function readLifecycle(bytes: Uint8Array): Lifecycle | null {
  if (bytes.length !== 1) return null;
  if (bytes[0] === 0) return 'active';
  return bytes[0] === 1 ? 'disbanded' : null;
}
