import { kindOf } from '../../shared/errors.ts';
import { openDatabase } from '../database.ts';

// Child of database.test.ts: opens a database under the tests' key and says how that went.
try {
  openDatabase({ folder: process.argv[2] ?? '', key: new Uint8Array(32).fill(7) }).close();
  console.log('opened');
} catch (error) {
  console.log(kindOf(error));
}
