// One vectoring stage of hls/kernels/cordic.hpp, to check the resource model against a synthesiser.
module cordic_stage #(parameter I = 3, ANGLE = 332050, LENGTH_BITS = 32, ANGLE_BITS = 26) (
    input clk,
    input signed [LENGTH_BITS-1:0] x, y,
    input signed [ANGLE_BITS-1:0] angle,
    output reg signed [LENGTH_BITS-1:0] x_out, y_out,
    output reg signed [ANGLE_BITS-1:0] angle_out
);
    wire forward = y < 0;
    always @(posedge clk) begin
        x_out <= forward ? x - (y >>> I) : x + (y >>> I);
        y_out <= forward ? y + (x >>> I) : y - (x >>> I);
        angle_out <= forward ? angle - ANGLE : angle + ANGLE;
    end
endmodule
