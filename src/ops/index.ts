/**
 * The table of all ops. It is total: an op without a rule does not compile.
 */
import type { Dims, OpName, OpParams } from '../graph/graph.ts';
import { elementwise } from './elementwise.ts';
import { matmulOps } from './matmul.ts';
import { reductions } from './reduce.ts';
import type { RuleTable } from './rules.ts';
import { shapeOps } from './shape.ts';

/** Ops with operands; leaves (input, weight, constant) have no rules. */
export type ComputedOp = Exclude<OpName, 'input' | 'weight' | 'constant'>;

export const rules: RuleTable<ComputedOp> = { ...elementwise, ...shapeOps, ...matmulOps, ...reductions };

export function isComputed(op: OpName): op is ComputedOp {
  return op in rules;
}

/** Dims of an op's result. Throws RangeError where operands do not fit, or for a leaf. */
export function shapeOf<K extends OpName>(op: K, operands: readonly Dims[], params: OpParams[K]): Dims {
  if (!isComputed(op)) throw new RangeError(`${op} needs its dims`);
  const rule = rules[op].shape as (operands: readonly Dims[], params: OpParams[K]) => Dims;
  return rule(operands, params);
}
