/**
 * An edit is data: which hook point, which positions and members of it, and what to put there. It is passed to a run
 * and leaves nothing behind.
 */
import { edit as editGraph } from '../compile/edit.ts';
import { InputError } from '../errors.ts';
import type { Dims, Graph } from '../graph/graph.ts';
import { nodeOf, siteOf } from '../graph/graph.ts';
import { parseSite, type Site } from '../model/sites.ts';
import { full, sizeOf, type Tensor, zeros } from '../tensor/tensor.ts';

export interface Edit {
  /** TransformerLens's hook name. */
  readonly at: string;
  /** Positions to edit (queries, for scores and patterns); all by default. */
  readonly positions?: readonly number[];
  /** Heads, neurons or coordinates to edit: the axis after the positions (scores and patterns: heads). All by default. */
  readonly index?: readonly number[];
  /** A number, or a tensor that broadcasts to the hook point's shape, batch axis included. */
  readonly value: number | Tensor;
  /** `set` (default) replaces the value, `add` adds to it, `scale` multiplies it. */
  readonly how?: 'set' | 'add' | 'scale';
}

/** An edit's place in a stage: the graph with it, and the tensors it reads. */
export interface AppliedEdit {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Tells apart graphs of different edits; values are not part of it. */
  readonly key: string;
}

/** The axes of positions and of members, for each hook point. */
function axesOf(site: Site): { positions: number; members: number } {
  const heads = site.hook === 'attn.hook_attn_scores' || site.hook === 'attn.hook_pattern';
  return heads ? { positions: 2, members: 1 } : { positions: 1, members: 2 };
}

/**
 * Applies an edit to the graph of a stage; its tensors become inputs named after `name`.
 * Throws InputError for an unknown hook point, places out of range, or a value that does not broadcast.
 */
export function applyEdit(
  graph: Graph,
  edit: Edit,
  name: string,
  sizes: Readonly<Record<string, number>>,
): AppliedEdit {
  const site = parseSite(edit.at);
  if (!site || !graph.sites.has(edit.at)) {
    throw new InputError(`expected a hook point of this model, got "${edit.at}"; hookNames() lists them`);
  }
  const dims = nodeOf(graph, siteOf(graph, edit.at)).dims;
  const shape = dims.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]!));
  const value =
    typeof edit.value === 'number'
      ? full(
          dims.map(() => 1),
          edit.value,
        )
      : edit.value;
  const valueDims = broadcastable(edit, value, dims, shape);
  const mask = placesOf(edit, site, shape);
  const maskDims = mask.shape.map((size, axis) => (size === 1 ? 1 : dims[axis]!));
  const [maskName, valueName] = [`${name}.mask`, `${name}.value`];
  const how = edit.how ?? 'set';
  const edited = editGraph(graph, edit.at, (b, old) => {
    const given = b.input(valueName, valueDims);
    const next = how === 'set' ? given : how === 'add' ? b.add(old, given) : b.mul(old, given);
    return b.where(b.input(maskName, maskDims), next, old);
  });
  return {
    graph: edited,
    feeds: { [maskName]: mask, [valueName]: value },
    key: `${name}=${how} ${edit.at} [${valueDims.join(',')}] [${maskDims.join(',')}]`,
  };
}

function broadcastable(edit: Edit, value: Tensor, dims: Dims, shape: readonly number[]): Dims {
  const fits =
    value.shape.length === shape.length &&
    value.shape.every((size, axis) => size === 1 || size === shape[axis]);
  if (!fits) {
    throw new InputError(
      `expected a value for ${edit.at} that broadcasts to [${shape.join(', ')}], got [${value.shape.join(', ')}]`,
    );
  }
  if (value.data.length !== sizeOf(value.shape)) {
    throw new InputError(
      `expected a value for ${edit.at} of ${sizeOf(value.shape)} numbers, as its shape says, got ${value.data.length}`,
    );
  }
  return value.shape.map((size, axis) => (size === 1 ? 1 : dims[axis]!));
}

/** 1 at the edited places, 0 elsewhere; axes without a choice have size 1. */
function placesOf(edit: Edit, site: Site, shape: readonly number[]): Tensor {
  const axes = axesOf(site);
  const mask = zeros(
    shape.map((size, axis) => {
      const chosen = (axis === axes.positions && edit.positions) || (axis === axes.members && edit.index);
      return chosen ? size : 1;
    }),
  );
  const positions = checkedPlaces(edit, 'position', edit.positions, shape[axes.positions]!);
  const members = checkedPlaces(edit, 'index', edit.index, shape[axes.members]!);
  const stride = (axis: number) => mask.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  for (const p of positions) {
    for (const m of members) mask.data[p * stride(axes.positions) + m * stride(axes.members)] = 1;
  }
  return mask;
}

function checkedPlaces(
  edit: Edit,
  what: string,
  chosen: readonly number[] | undefined,
  size: number,
): readonly number[] {
  const bad = chosen?.find((place) => !Number.isInteger(place) || place < 0 || place >= size);
  if (bad !== undefined)
    throw new InputError(`expected a ${what} from 0 to ${size - 1} at ${edit.at}, got ${bad}`);
  return chosen ?? [0];
}
