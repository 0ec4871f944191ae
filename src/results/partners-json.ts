/** Partners of components, as `study.json` tells them. */
import * as z from 'zod';
import { component, count, real } from './json-values.ts';
import {
  type Component,
  type Direction,
  DIRECTIONS,
  INTERACTION_RELATIONS,
  type Kind,
  KINDS,
  type Relation,
  VIA_RELATIONS,
} from '../terms.ts';

/** One partner of a component. Numbers are normalised by D. */
export interface PartnerJson {
  kind: Kind;
  component: Component;
  relation: Relation;
  /** The direction of `value`. */
  direction: Direction;
  /** The interaction; for acts_through and carries the part of e that needs the later of the two. */
  value: number;
  /** The same in each direction that was computed. */
  noising?: number;
  denoising?: number;
  /** For backups: the part of e of the first that passes through its backup, in `direction`. */
  via?: number;
}

/** A component with its partners, the strongest first. */
export interface ComponentPartnersJson {
  kind: Kind;
  component: Component;
  /** Its normalised effect alone. */
  effect: { noising?: number; denoising?: number };
  partners: PartnerJson[];
  /** How many there are, listed or not. */
  count: number;
}

const partner = z.object({
  kind: z.enum(KINDS),
  component,
  relation: z.enum([...INTERACTION_RELATIONS, ...VIA_RELATIONS]),
  direction: z.enum(DIRECTIONS),
  value: real,
  noising: real.optional(),
  denoising: real.optional(),
  via: real.optional(),
});

/** What a valid entry looks like. */
export const componentPartners: z.ZodType<ComponentPartnersJson> = z.object({
  kind: z.enum(KINDS),
  component,
  effect: z.object({ noising: real, denoising: real }).partial(),
  partners: z.array(partner),
  count,
});
