/**
 * Ends an exhaustive `switch` over a union: a forgotten member is a type error here.
 * @throws Error when a value outside the union got past the border checks.
 */
export function assertNever(value: never): never {
  throw new Error(`unexpected member of a closed union: ${typeof value}`);
}
