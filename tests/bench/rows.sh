# Sourced by the benches: one row a figure, a JSON object a line on descriptor 3. A figure is met when the median of its runs meets it.

median() { jq -n --argjson values "$1" '$values | sort | .[length / 2 | floor]'; }
percentile() { jq -n --argjson values "$1" --argjson share "$2" '$values | sort | .[([(length * $share / 100 | ceil) - 1, 0] | max)]'; }
array() { printf '%s\n' "$@" | jq -cs .; }

# row NAME UNIT GOAL RUNS [REFERENCE-RUNS [NOTE]]: GOAL is the largest value allowed, or null; RUNS is a JSON array.
row() {
  jq -cn --arg name "$1" --arg unit "$2" --argjson goal "$3" --argjson runs "$4" --argjson reference_runs "${5:-null}" --arg note "${6:-}" '
    def median: sort | .[length / 2 | floor];
    def rounded: if . == null then null else (. * 1000 | round) / 1000 end;
    ($runs | median) as $ichor | (if $reference_runs then ($reference_runs | median) else null end) as $reference |
    {$name, $unit, ichor: ($ichor | rounded), reference: ($reference | rounded),
     ratio: (if $reference and $reference != 0 then ($ichor / $reference | rounded) else null end),
     runs: ($runs | map(rounded)), reference_runs: ($reference_runs | if . then map(rounded) else null end), $note}
    + if $goal == null then {} else {$goal, met: ($ichor <= $goal)} end' >&3
}
