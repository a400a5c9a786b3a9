// The kernels as Vitis HLS builds them: AXI4-Stream for data, AXI-Lite for these registers:
//
// frames    frames of this block, 1 to spec::MAX_BLOCK; any other value only sets `identity`
// identity  spec::IDENTITY
// beats     beats of the stream of codes, from each memory port
// bank      bank of the state before this block; the state after it goes to the other bank
// reset     1: take the state before this block as empty
// raw       0: spectra; else the beats of this block's rows, which a CORDIC kernel passes through
// raw_in    lut_mac: 0 for spectra; else the beats of this block's rows of inputs,
// raw_out   and the beats of its rows of outputs
// digest    cordic_vectoring: of the spectrum received; lut_mac: of the codes received, or 0 if
//           they were refused (then all outputs are zeros); cordic_rotation: of the spectrum sent
#pragma once

#include "axis.hpp"

void cordic_vectoring(axis_stream& spectrum, axis_stream& magnitude, axis_stream& polar,
                      ap_uint<8> frames, ap_uint<32> raw, ap_uint<32>* digest,
                      ap_uint<32>* identity);

#if NIBBLESTREAM_PORTS == 2  // a stream of codes from each memory port
void lut_mac(axis_stream& magnitude, axis_stream& codes, axis_stream& codes_high,
             axis_stream& network, ap_uint<8> frames, ap_uint<32> beats, ap_uint<1> bank,
             ap_uint<1> reset, ap_uint<32> raw_in, ap_uint<32> raw_out, ap_uint<32>* digest,
             ap_uint<32>* identity);
#else
void lut_mac(axis_stream& magnitude, axis_stream& codes, axis_stream& network, ap_uint<8> frames,
             ap_uint<32> beats, ap_uint<1> bank, ap_uint<1> reset, ap_uint<32> raw_in,
             ap_uint<32> raw_out, ap_uint<32>* digest, ap_uint<32>* identity);
#endif

void cordic_rotation(axis_stream& network, axis_stream& polar, axis_stream& spectrum,
                     ap_uint<8> frames, ap_uint<32> raw, ap_uint<32>* digest,
                     ap_uint<32>* identity);
