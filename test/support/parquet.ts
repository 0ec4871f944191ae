/**
 * Reads the rows of a Parquet file.
 */
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

/** All rows of a file of a folder, by column. */
export async function parquetRows(folder: string, name: string): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: await asyncBufferFromFile(join(folder, name)) });
}
