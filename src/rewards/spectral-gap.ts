// spectral-gap: how much faster focus converges after a change.
//   |λ₂(t)| − |λ₂(t+1)|, λ₂ the second eigenvalue of R (option: of D): smaller is better
// The Fiedler value of the Laplacian moves the other way, so its form is after − before. Global and
// expensive. The ends come from those of the two spectra; there is no exact form.

import { check } from '../base/errors.js';
import { known, needed, partsOf, type RewardFunction } from './reward-function.js';

/** Which spectral quantity is compared. */
export interface SpectralGapOptions {
  /** λ₂ of R (default), of D with its teleport, or the Fiedler value of the Laplacian. */
  readonly of?: 'focus' | 'diffusion' | 'fiedler' | undefined;
}

const QUANTITIES = {
  focus: ['lambda2R', 'of R: |λ₂| before − after, because smaller is better'],
  diffusion: ['lambda2Diffusion', 'of D: |λ₂| before − after, because smaller is better'],
  fiedler: ['fiedler', 'Fiedler value: after − before, because larger is better'],
} as const;

export const spectralGap: RewardFunction<'spectral-gap', SpectralGapOptions> = {
  name: 'spectral-gap',
  definition: 'how much faster focus converges: |λ₂(t)| − |λ₂(t+1)|, λ₂ the second eigenvalue of R',
  hasExactForm: false,
  needs: (options) => {
    quantityOf(options);
    return ['spectra'];
  },
  evaluate: (inputs, options, arithmetic) => {
    const [key, remark] = quantityOf(options);
    const { before, after } = needed('spectral-gap', inputs, 'spectra');
    const [x, y] = [before[key], after[key]];
    return known(key === 'fiedler' ? arithmetic.minus(y, x) : arithmetic.minus(x, y), {
      parts: partsOf(inputs),
      terms: { before: x, after: y },
      remark,
    });
  },
};

function quantityOf(
  options: SpectralGapOptions | undefined,
): (typeof QUANTITIES)['focus' | 'diffusion' | 'fiedler'] {
  const of = options?.of ?? 'focus';
  check(
    Object.hasOwn(QUANTITIES, of),
    'bad-parameter',
    () => `reward spectral-gap: expected of ${Object.keys(QUANTITIES).join(', ')}, found "${of}"`,
  );
  return QUANTITIES[of];
}
