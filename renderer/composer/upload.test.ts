import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_CHUNK } from '../../shared/contract/calls.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { attach, useConnection } from '../app/core.ts';
import { fakeCore } from '../gallery/core.ts';
import { fillMemory, type Memory } from '../gallery/memory.ts';
import { streamFile, type Upload } from './upload.ts';

let memory: Memory;
let stop: () => void;

beforeEach(async () => {
  memory = fillMemory('full');
  const core = fakeCore(memory);
  stop = attach(
    () => {
      const [mine, theirs] = pipePair();
      core.attach(theirs);
      return Promise.resolve(mine);
    },
    () => Promise.resolve(),
  );
  await vi.waitFor(() => expect(useConnection.getState().state).toBe('open'));
});
afterEach(() => stop());

const chunks = (): readonly { at: number; bytes: Uint8Array; last: boolean }[] =>
  memory.asked
    .filter((call) => call.name === 'file.chunk')
    .map((call) => call.args as { at: number; bytes: Uint8Array; last: boolean });

describe('streaming a file', () => {
  it('sends every byte once, in order, no chunk beyond the credit', async () => {
    const bytes = new Uint8Array(700_000).map((_, index) => index % 251);
    const told: Upload[] = [];
    await streamFile(new Blob([bytes]), 'a.bin', (upload) => told.push(upload));
    const sent = chunks();
    const joined = new Uint8Array(bytes.length);
    let at = 0;
    for (const chunk of sent) {
      expect(chunk.at).toBe(at);
      expect(chunk.bytes.byteLength).toBeLessThanOrEqual(at === 0 ? MAX_CHUNK : 64 * 1024);
      joined.set(chunk.bytes, at);
      at += chunk.bytes.byteLength;
    }
    expect(joined).toEqual(bytes);
    expect(sent.map((chunk) => chunk.last)).toEqual([
      ...Array.from({ length: sent.length - 1 }, () => false),
      true,
    ]);
    expect(told.at(-1)?.done).toBe(bytes.length);
  });

  it('sends one last chunk for an empty file', async () => {
    await streamFile(new Blob([]), 'empty', () => undefined);
    expect(chunks().map((chunk) => [chunk.bytes.byteLength, chunk.last])).toEqual([[0, true]]);
  });

  it('stops when it is taken out', async () => {
    const big = new Blob([new Uint8Array(4 * MAX_CHUNK)]);
    const streaming = streamFile(big, 'big', (upload) => {
      if (upload.done > 0) upload.stop.abort();
    });
    await expect(streaming).rejects.toMatchObject({ kind: 'cancelled' });
    expect(chunks().length).toBe(1);
  });
});
