/** Columns of tables, by what is in them. */
import type { Column } from './html.ts';

export const float = (title: string, about = ''): Column => ({ title, kind: 'float', about });
export const words = (title: string): Column => ({ title, kind: 'text' });
/** Text in sentences, which may take several lines. */
export const prose = (title: string): Column => ({ title, kind: 'text', wrap: true });
export const number = (title: string, about = ''): Column => ({ title, kind: 'count', about });
