// Which steps a version can take, who may take them, and what speaks against them.

import { APPROVE, PUBLISH, type VersionState } from '../model';

export interface StepKind {
  readonly to: VersionState;
  /** Its words in the texts. */
  readonly word: 'submit' | 'sendBack' | 'approve' | 'makeEffective' | 'retire';
  readonly explanation: 'submitText' | 'sendBackText' | 'approveText' | 'makeEffectiveText' | 'retireText';
  readonly needs: string;
  /** The reason is required. */
  readonly reasoned: boolean;
  /** Not for the author. */
  readonly byAnother: boolean;
  readonly look: '' | 'dcp-button--primary' | 'dcp-button--danger';
}

const SUBMIT: StepKind = {
  to: 'review',
  word: 'submit',
  explanation: 'submitText',
  needs: PUBLISH,
  reasoned: false,
  byAnother: false,
  look: 'dcp-button--primary',
};
const SEND_BACK: StepKind = {
  to: 'draft',
  word: 'sendBack',
  explanation: 'sendBackText',
  needs: APPROVE,
  reasoned: true,
  byAnother: false,
  look: '',
};
const APPROVAL: StepKind = {
  to: 'approved',
  word: 'approve',
  explanation: 'approveText',
  needs: APPROVE,
  reasoned: false,
  byAnother: true,
  look: 'dcp-button--primary',
};
const TAKE_EFFECT: StepKind = {
  to: 'effective',
  word: 'makeEffective',
  explanation: 'makeEffectiveText',
  needs: APPROVE,
  reasoned: false,
  byAnother: false,
  look: 'dcp-button--primary',
};
const RETIRE: StepKind = {
  to: 'retired',
  word: 'retire',
  explanation: 'retireText',
  needs: APPROVE,
  reasoned: true,
  byAnother: false,
  look: 'dcp-button--danger',
};

const STEPS: Readonly<Record<VersionState, readonly StepKind[]>> = {
  draft: [SUBMIT],
  review: [APPROVAL, SEND_BACK],
  approved: [TAKE_EFFECT, RETIRE],
  effective: [RETIRE],
  superseded: [TAKE_EFFECT, RETIRE],
  retired: [],
};

/** The steps that lead on from a state. */
export function stepsFrom(state: VersionState): readonly StepKind[] {
  return STEPS[state];
}
