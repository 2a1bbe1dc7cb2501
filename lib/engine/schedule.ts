/** Learning-rate schedules: factors of the peak rate. */

/** Linear warm-up over the first `warmup` steps, then a cosine to `floor` at the last step. `step` counts from 0. */
export function warmupCosine(step: number, steps: number, warmup: number, floor = 0): number {
  if (step < warmup) return (step + 1) / warmup;
  const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done));
}
