import * as v from 'valibot';
import data from '../../networks/facts.json' with { type: 'json' };
import { factsSchema, type NetworkFacts } from '../../shared/label/network-facts.ts';

/** The dated facts of networks/facts.json: data, the only thing the page takes from that folder. */
export const networkFacts: NetworkFacts = v.parse(factsSchema, data);
