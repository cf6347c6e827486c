import { openDatabase } from '../database.ts';
import { openFiles } from '../files.ts';

// Child of files.test.ts: writes a file and stops dead at the named crash point.
const folder = process.argv[2] ?? '';
const stopAt = process.argv[3] ?? '';
const database = openDatabase({ folder, key: new Uint8Array(32).fill(7) });
const files = openFiles({
  database,
  folder,
  now: () => 1,
  crashPoint: (name) => {
    if (name === stopAt) process.kill(process.pid, 'SIGKILL');
  },
});
const writer = await files.create({ name: 'cut.bin', type: 'application/octet-stream' });
console.log(writer.id);
await writer.write(new Uint8Array(200_000).fill(65));
await writer.finish();
database.close();
