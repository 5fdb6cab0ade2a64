type MeterProps = { label: string; value: number; most: number; says: string };

/** How much of something is used, as a bar and in words. */
export function Meter({ label, value, most, says }: MeterProps) {
  const share = most === 0 ? 0 : Math.min(1, value / most);
  return (
    <div class="meter">
      <div class="meter-words">
        <span>{label}</span> <span>{says}</span>
      </div>
      <div class={share > 0.9 ? 'meter-bar is-full' : 'meter-bar'} aria-hidden="true">
        <div style={{ width: `${(share * 100).toFixed(1)}%` }} />
      </div>
    </div>
  );
}
