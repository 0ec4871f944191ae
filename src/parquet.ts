/**
 * Columns of Parquet files (https://parquet.apache.org), and whole files of them.
 */
import { parquetReadObjects } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

export type { ColumnSource } from 'hyparquet-writer';

/** Words; null where there is none. */
export function textColumn(name: string, data: (string | null)[]): ColumnSource {
  return { name, type: 'STRING', data };
}

export function wholeColumn(name: string, data: number[]): ColumnSource {
  return { name, type: 'INT32', nullable: false, data };
}

/** float32, from parts that follow one another. */
export function floatColumn(name: string, parts: readonly Float32Array[]): ColumnSource {
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { name, type: 'FLOAT', nullable: false, data };
}

export function doubleColumn(name: string, data: Float64Array): ColumnSource {
  return { name, type: 'DOUBLE', nullable: false, data };
}

/** The bytes of a file. */
export function parquet(columnData: ColumnSource[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'mediators' }));
}

/** The rows of a file, by column. Throws where the bytes are none. */
export function parquetRows(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const { buffer, byteOffset, byteLength } = bytes;
  return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer });
}
