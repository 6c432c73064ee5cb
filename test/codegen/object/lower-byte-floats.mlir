// Conversions of 8-bit floats become arithmetic on their bits; those of other floats stay.
// RUN: nacre-opt %s --lower-byte-floats | FileCheck %s

// The exponent of f8e4m3 is 120 smaller than that of f32.
// CHECK-LABEL: @widened
func.func @widened(%x: vector<16xf8E4M3FN>) -> vector<16xf32> {
  // CHECK-NOT: arith.extf
  // CHECK: %[[SCALE:.+]] = arith.constant dense<1.329228E+36> : vector<16xf32>
  // CHECK: arith.mulf %{{.+}}, %[[SCALE]] : vector<16xf32>
  // CHECK: return %{{.+}} : vector<16xf32>
  %y = arith.extf %x : vector<16xf8E4M3FN> to vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: @narrowed
func.func @narrowed(%x: f32) -> f8E5M2 {
  // CHECK-NOT: arith.truncf
  // CHECK: %[[BYTE:.+]] = arith.trunci %{{.+}} : i32 to i8
  // CHECK: %[[Y:.+]] = arith.bitcast %[[BYTE]] : i8 to f8E5M2
  // CHECK: return %[[Y]] : f8E5M2
  %y = arith.truncf %x : f32 to f8E5M2
  return %y : f8E5M2
}

// A conversion from another narrow float goes through f32, which holds it.
// CHECK-LABEL: @between
func.func @between(%x: f16) -> (f8E4M3FN, f16) {
  // CHECK: arith.extf %{{.+}} : f16 to f32
  // CHECK: arith.truncf %{{.+}} : f32 to f16
  %y = arith.truncf %x : f16 to f8E4M3FN
  %z = arith.extf %y : f8E4M3FN to f16
  return %y, %z : f8E4M3FN, f16
}

// CHECK-LABEL: @others
func.func @others(%x: f64) -> f16 {
  // CHECK: arith.truncf %{{.+}} : f64 to f16
  %y = arith.truncf %x : f64 to f16
  return %y : f16
}
