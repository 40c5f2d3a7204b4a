// The lanes of a workgroup, a power of two that the host chooses; 64 unless it says otherwise. A
// prelude to every kernel.

override group_log2 = 6u;
override group_lanes = 1u << group_log2;
