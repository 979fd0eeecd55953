// Runs a planned design without its data, clock by clock: which beat moves when, exactly as the kernels in hls/ do it.
//
// plan/tokens.py describes the design and calls `run`. A node is one layer; nodes and wires are in topological order. A
// wire is valid while its source's output register holds a beat. In every clock nodes work from the last to the first,
// so that a source sees in this clock what its readers have taken, and readers see in the next what it has put out.
// Nodes that wait, for a beat, for room, or for a known clock, cost nothing or little: time goes with the beats that
// move and not with the clocks.
#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

constexpr int64_t kHorizon = 64;  // a node that knows how long it waits looks again after so many clocks at the latest

enum Kind : int32_t { kPipeline, kFifo, kWindow, kWiden };

struct Node {
  int32_t kind;
  int32_t capacity;  // a FIFO's depth, a window's ring, a widening converter's ratio; in beats
  int32_t latency;   // of a pipeline
  int32_t first_segment, segments, first_in, ins, first_out, outs;
  int32_t walk;         // of a window, in `walks`
  int32_t frame_beats;  // out of it
};

struct Segment {  // `repeat` steps of a pipeline that take a beat from the inputs `takes` (a mask), and put one out or not
  int32_t takes, puts, repeat;
};

struct Walk {  // the localparams of sliding_window.sv
  int32_t inner, middle, outer, columns, rows;
  int32_t advance_inner, advance_middle, advance_outer, last_word, free_column, free_row, free_frame;
};

struct State {
  int64_t last = -1;  // the clock of the last look at this node
  int32_t beats = 0, frame = 0;  // put out
  // A pipeline: clocks in which it moved, and at which of them its beats come out.
  bool blocked = false;
  int64_t moves = 0;
  int32_t segment = 0, done = 0;
  std::vector<int64_t> exits;
  size_t first = 0, held = 0;
  // A FIFO or widening converter: what it holds besides its output register. A window: see sliding_window.sv.
  int32_t count = 0;
  int64_t kept = 0, ahead = 0;
  int32_t inner = 0, middle = 0, outer = 0, column = 0, row = 0;
};

class Design {
 public:
  Design(const Node* nodes, int count, const int32_t* ports, const Segment* segments, const Walk* walks, int wires,
         bool shortest)
      : nodes_(nodes), count_(count), ports_(ports), segments_(segments), walks_(walks), shortest_(shortest),
        states_(count), words_((count + 63) / 64),
        valid_(wires, 0), source_(wires, -1), target_(wires, -1), active_(words_, 0), later_(kHorizon * words_, 0) {
    for (int n = 0; n < count; n++) {
      for (int i = 0; i < nodes[n].ins; i++) target_[ports[nodes[n].first_in + i]] = n;
      for (int i = 0; i < nodes[n].outs; i++) source_[ports[nodes[n].first_out + i]] = n;
      states_[n].exits.resize(nodes[n].latency + 1);
      wake(n);
    }
  }

  // Returns how many of `frames` frames came out. `ends`: for every node, and then for the sink behind the last one, the
  // clock of each frame's last beat. Stops early when nothing can move any more, or when a frame ends after its time in
  // `limits`, or when node `pacer`, which may take `interval` clocks for a frame, falls behind by more than `lag` since
  // its first beat. `lag`: how far it fell behind. `work`: how many looks at nodes that took.
  int simulate(int in, int out, int frames, const int64_t* limits, int pacer, int64_t interval, int64_t* ends,
               int64_t* first_in, int64_t* lag, int64_t* work) {
    pacer_ = pacer;
    interval_ = interval;
    frames_ = frames;
    ends_ = ends;
    const int64_t frame_beats = nodes_[count_ - 1].frame_beats;
    in_ = in;
    valid_[in] = 1;
    first_in_ = -1;
    uint64_t looks = 0;
    int64_t beats = 0, idle = 0;
    int done = 0;
    for (int64_t now = 0; now <= limits[done];) {
      if (valid_[out]) {
        take(out, now);
        if (++beats % frame_beats == 0) {
          ends[int64_t{frames} * count_ + done++] = now;
          if (done == frames) break;
        }
      }
      const uint64_t looks_before = looks;
      uint64_t* due = &later_[now % kHorizon * words_];
      for (int word = words_ - 1; word >= 0; word--) {
        active_[word] |= due[word];
        due[word] = 0;
        for (uint64_t bits = active_[word]; bits;) {
          const int bit = 63 - __builtin_clzll(bits);
          looks++;
          if (!look(64 * word + bit, now)) active_[word] &= ~(uint64_t{1} << bit);
          bits = active_[word] & ((uint64_t{1} << bit) - 1);
        }
      }
      idle = looks == looks_before ? idle + 1 : 0;
      if (idle == kHorizon || lag_ > *lag) break;
      now++;
    }
    *first_in = first_in_;
    *lag = lag_;
    *work = static_cast<int64_t>(looks);
    return done;
  }

 private:
  void wake(int n) {
    active_[n / 64] |= uint64_t{1} << (n % 64);
  }

  void take(int wire, int64_t now) {
    valid_[wire] = 0;
    if (source_[wire] >= 0) wake(source_[wire]);
    if (wire == in_) {
      valid_[wire] = 1;
      if (first_in_ < 0) first_in_ = now;
    }
  }

  void wake_later(int n, int64_t clock) { later_[clock % kHorizon * words_ + n / 64] |= uint64_t{1} << (n % 64); }

  void put_all(int n, int64_t now) {
    State& s = states_[n];
    if (n == pacer_) {
      if (first_put_ < 0) first_put_ = now;
      const int64_t beats = int64_t{s.frame} * nodes_[n].frame_beats + s.beats;
      lag_ = std::max(lag_, now - first_put_ - beats * interval_ / nodes_[n].frame_beats);
    }
    if (++s.beats == nodes_[n].frame_beats) {
      s.beats = 0;
      if (s.frame < frames_) ends_[int64_t{frames_} * n + s.frame] = now;
      s.frame++;
    }
    for (int i = 0; i < nodes_[n].outs; i++) put(ports_[nodes_[n].first_out + i]);
  }

  void put(int wire) {
    valid_[wire] = 1;
    if (target_[wire] >= 0 && !states_[target_[wire]].blocked) wake(target_[wire]);
  }

  // One clock of a node. True: it may do something in the next one, too.
  bool look(int n, int64_t now) {
    switch (nodes_[n].kind) {
      case kPipeline: return pipeline(n, now);
      case kFifo: return fifo(n, now);
      case kWindow: return window(n, now);
      default: return widen(n, now);
    }
  }

  // A rigid pipeline: while its output waits nothing in it moves. What it did in the clocks since the last look is known.
  bool pipeline(int n, int64_t now) {
    const Node& node = nodes_[n];
    State& s = states_[n];
    for (int i = 0; i < node.outs; i++) {
      if (valid_[ports_[node.first_out + i]]) return false;
    }
    const int64_t moved = s.blocked ? 1 : now - s.last;
    s.blocked = false;
    s.last = now;
    s.moves += moved;
    for (int64_t past = moved - 1; past > 0 && plain(n);) past -= advance(n, past);
    if (ready(n)) {
      const Segment& step = segments_[node.first_segment + s.segment];
      for (int i = 0; i < node.ins; i++) {
        if (step.takes >> i & 1) take(ports_[node.first_in + i], now);
      }
      if (step.puts) s.exits[(s.first + s.held++) % s.exits.size()] = s.moves + (shortest_ ? 1 : node.latency) - 1;
      advance(n, 1);
    }
    if (s.held && s.exits[s.first] == s.moves) {
      s.first = (s.first + 1) % s.exits.size();
      s.held--;
      put_all(n, now);
      s.blocked = true;  // until they are taken, be it in the next clock
      return false;
    }
    int64_t wait = s.held ? s.exits[s.first] - s.moves : kHorizon;
    bool waits = s.held;
    if (plain(n)) {
      wait = std::min<int64_t>(wait, segments_[node.first_segment + s.segment].repeat - s.done + 1);
      waits = true;
    } else if (ready(n)) {
      return true;
    }
    if (waits) wake_later(n, now + std::min(wait, kHorizon - 1));
    return false;
  }

  bool plain(int n) const {
    const Segment& step = segments_[nodes_[n].first_segment + states_[n].segment];
    return !step.takes && !step.puts;
  }

  bool ready(int n) const {
    const Node& node = nodes_[n];
    const int32_t takes = segments_[node.first_segment + states_[n].segment].takes;
    for (int i = 0; i < node.ins; i++) {
      if ((takes >> i & 1) && !valid_[ports_[node.first_in + i]]) return false;
    }
    return true;
  }

  int64_t advance(int n, int64_t steps) {  // within the segment; how many steps those were
    State& s = states_[n];
    const int32_t repeat = segments_[nodes_[n].first_segment + s.segment].repeat;
    steps = std::min<int64_t>(steps, repeat - s.done);
    s.done += static_cast<int32_t>(steps);
    if (s.done == repeat) {
      s.done = 0;
      s.segment = s.segment + 1 == nodes_[n].segments ? 0 : s.segment + 1;
    }
    return steps;
  }

  bool fifo(int n, int64_t now) {  // of depth 2: a register and a spare one; else a memory and its output register
    State& s = states_[n];
    const int in = ports_[nodes_[n].first_in], out = ports_[nodes_[n].first_out];
    const bool registers = nodes_[n].capacity == 2, free = !valid_[out];
    const bool push = valid_[in] && s.count < nodes_[n].capacity - 1;
    const bool pop = free && (s.count || (registers && push));
    if (push) take(in, now);
    if (pop) put_all(n, now);
    s.count += push - pop;
    return (s.count && !valid_[out]) || (valid_[in] && s.count < nodes_[n].capacity - 1);
  }

  bool window(int n, int64_t now) {
    const Walk& walk = walks_[nodes_[n].walk];
    State& s = states_[n];
    const int in = ports_[nodes_[n].first_in], out = ports_[nodes_[n].first_out];
    const bool write = valid_[in] && s.kept < nodes_[n].capacity, read = !valid_[out] && s.ahead > 0;
    if (write) take(in, now);
    if (read) put_all(n, now);
    s.kept += write;
    s.ahead += write;
    if (read) walk_on(walk, s);
    return (s.ahead > 0 && !valid_[out]) || (valid_[in] && s.kept < nodes_[n].capacity);
  }

  static void walk_on(const Walk& walk, State& s) {
    if (++s.inner < walk.inner) {
      s.ahead -= walk.advance_inner;
    } else if (s.inner = 0, ++s.middle < walk.middle) {
      s.ahead -= walk.advance_middle;
    } else if (s.middle = 0, ++s.outer < walk.outer) {
      s.ahead -= walk.advance_outer;
    } else {
      s.outer = 0;
      const bool row_ends = ++s.column == walk.columns, frame_ends = row_ends && s.row + 1 == walk.rows;
      const int32_t freed = frame_ends ? walk.free_frame : row_ends ? walk.free_row : walk.free_column;
      if (row_ends) s.column = 0;
      if (row_ends) s.row = frame_ends ? 0 : s.row + 1;
      s.kept -= freed;
      s.ahead -= freed - walk.last_word;
    }
  }

  bool widen(int n, int64_t now) {  // all but the last part of a beat wait beside the output register
    State& s = states_[n];
    const int in = ports_[nodes_[n].first_in], out = ports_[nodes_[n].first_out];
    const bool completes = s.count == nodes_[n].capacity - 1;
    if (!valid_[in] || (completes && valid_[out])) return false;
    take(in, now);
    s.count = completes ? 0 : s.count + 1;
    if (completes) put_all(n, now);
    return valid_[in];
  }

  const Node* nodes_;
  int count_;
  const int32_t* ports_;
  const Segment* segments_;
  const Walk* walks_;
  bool shortest_;
  std::vector<State> states_;
  int words_;
  std::vector<uint8_t> valid_;
  std::vector<int32_t> source_, target_;
  std::vector<uint64_t> active_;  // nodes to look at in this clock, a bit each
  std::vector<uint64_t> later_;   // and in each of the next clocks
  int frames_ = 0, pacer_ = 0;
  int64_t interval_ = 0, first_put_ = -1, lag_ = 0;
  int64_t* ends_ = nullptr;
  int in_ = 0;
  int64_t first_in_ = -1;
};

}  // namespace

extern "C" int run(const Node* nodes, int count, const int32_t* ports, const Segment* segments, const Walk* walks,
                   int wires, int shortest, int in, int out, int frames, const int64_t* limits, int pacer,
                   int64_t interval, int64_t* ends, int64_t* first_in, int64_t* lag, int64_t* work) {
  Design design(nodes, count, ports, segments, walks, wires, shortest != 0);
  return design.simulate(in, out, frames, limits, pacer, interval, ends, first_in, lag, work);
}
