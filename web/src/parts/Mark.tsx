/** Latchkey's mark: a latch seen from the side, in two strokes. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 28 28" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M3 9.5h13v8.5" />
      <path d="M24 14h-8" />
    </svg>
  );
}
