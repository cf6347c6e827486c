/** A thread's program beside this file: TypeScript when run from source, JavaScript when built. */
export const threadFile = (name: 'reader-thread' | 'checkpoint-thread'): URL =>
  new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
