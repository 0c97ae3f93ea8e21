// Which steps a version can take and who may take them; the engine decides, these only explain it beforehand.

import type { Zone } from '@dcp/api-service';
import { APPROVE, PUBLISH, type VersionState } from '../model';

export interface StepKind {
  readonly to: VersionState;
  /** Its words in the texts. */
  readonly word: 'submit' | 'sendBack' | 'approve' | 'makeEffective' | 'retire';
  readonly explanation: 'submitText' | 'sendBackText' | 'approveText' | 'makeEffectiveText' | 'retireText';
  /** One of these permissions is enough. */
  readonly needs: readonly string[];
  /** The reason is required. */
  readonly reasoned: boolean;
  readonly look: '' | 'dcp-button--primary' | 'dcp-button--danger';
}

const EITHER = [PUBLISH, APPROVE];
const SUBMIT: StepKind = {
  to: 'review',
  word: 'submit',
  explanation: 'submitText',
  needs: [PUBLISH],
  reasoned: false,
  look: 'dcp-button--primary',
};
const SEND_BACK: StepKind = { to: 'draft', word: 'sendBack', explanation: 'sendBackText', needs: EITHER, reasoned: true, look: '' };
const APPROVAL: StepKind = {
  to: 'approved',
  word: 'approve',
  explanation: 'approveText',
  needs: [APPROVE],
  reasoned: false,
  look: 'dcp-button--primary',
};
const TAKE_EFFECT: StepKind = {
  to: 'effective',
  word: 'makeEffective',
  explanation: 'makeEffectiveText',
  needs: [APPROVE],
  reasoned: false,
  look: 'dcp-button--primary',
};
const RETIRE: StepKind = {
  to: 'retired',
  word: 'retire',
  explanation: 'retireText',
  needs: [APPROVE],
  reasoned: true,
  look: 'dcp-button--danger',
};

const STEPS: Readonly<Record<VersionState, readonly StepKind[]>> = {
  draft: [SUBMIT, { ...RETIRE, needs: EITHER }],
  review: [APPROVAL, SEND_BACK],
  approved: [TAKE_EFFECT, RETIRE],
  effective: [RETIRE],
  superseded: [TAKE_EFFECT, RETIRE],
  retired: [],
};

/** The steps that lead on from a state; in the free zone whoever publishes decides alone. */
export function stepsFrom(state: VersionState, zone: Zone): readonly StepKind[] {
  return zone === 'gxp' ? STEPS[state] : STEPS[state].map((kind) => ({ ...kind, needs: [PUBLISH] }));
}
